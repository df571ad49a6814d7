// What must be there before an image can be pushed: the registry, and the identity that the web app pulls with.
// Deployed by the pipeline's stage `push`.

@maxLength(10)
@description('Begins the name of every resource; small letters and digits.')
param name string = 'apron'

param location string = resourceGroup().location

@description('Basic is enough for one region and public pull endpoints; Premium adds private ones.')
@allowed(['Basic', 'Standard', 'Premium'])
param sku string = 'Basic'

var acrPull = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '7f951dda-4ed3-4680-a7ca-43fe172d538d')

resource registry 'Microsoft.ContainerRegistry/registries@2023-07-01' = {
  // checkov:skip=CKV_AZURE_139:The build agents of Azure DevOps are on the public internet; pushing and pulling need an identity.
  // checkov:skip=CKV_AZURE_163:Microsoft Defender scans images once it is switched on for the subscription; it is billed there, not here.
  // checkov:skip=CKV_AZURE_166:Quarantine needs Premium and a scanner that releases the images.
  // checkov:skip=CKV_AZURE_233:Zone redundancy needs Premium.
  name: '${name}${uniqueString(resourceGroup().id)}'
  location: location
  sku: { name: sku }
  properties: {
    adminUserEnabled: false
    anonymousPullEnabled: false
  }
}

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: '${name}-app'
  location: location
}

resource mayPull 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(registry.id, identity.id, acrPull)
  scope: registry
  properties: {
    roleDefinitionId: acrPull
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

output registryName string = registry.name
